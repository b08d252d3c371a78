"use strict";(()=>{const NAME="now-playing";const OPTIONS="theme layout background accent idle motion lang radius scale font without sample".split(" ");const HIGH={"card":140,"compact":56,"list":56,"cover":127,"credit":0};const DARK=0.18;const root=document.documentElement;const current=document.currentScript;const system=matchMedia("(prefers-color-scheme: dark)");function ours(){const all=[...document.querySelectorAll("script[src]")].filter(({src})=>/\/embed\.js([?#]|$)/.test(src));const running=new Error().stack||"";const exact=all.filter(({src})=>running.includes(src.split("#")[0]));return exact.length?exact:all;}

const scripts=current?.src?[current]:ours();const home=scripts[0]&&new URL(".",scripts[0].src);function matches(selector){try{return[root,document.body].some((node)=>node?.matches(selector));}catch{return false;}}

function channels(colour){if(/^rgb/.test(colour)){const[red,green,blue,alpha=1]=colour.match(/[\d.]+/g).map(Number);return[red,green,blue,alpha];}
const pen=document.createElement("canvas").getContext("2d");pen.fillStyle=colour;pen.fillRect(0,0,1,1);const pixel=[...pen.getImageData(0,0,1,1).data];return[...pixel.slice(0,3),pixel[3]/255];}

function canvas(){const own=getComputedStyle(root).colorScheme;const told=/light|dark/.test(own||"")?own:document.querySelector("meta[name=color-scheme]")?.content||"";return/dark/.test(told)&&(system.matches||!/light/.test(told))?18:255;}

function isDark(node){let shown=[0,0,0];let left=1;for(;node&&left>0.01;node=node.assignedSlot||node.parentElement||node.getRootNode().host){const{backgroundColor,backgroundImage}=getComputedStyle(node);for(const layer of[backgroundImage.match(/rgba?\([^)]+\)/g)||[],[backgroundColor]]){let covered=0;for(const[red,green,blue,alpha]of layer.map(channels)){const share=(left*alpha)/layer.length;shown=[red,green,blue].map((value,index)=>shown[index]+ share*value);covered +=share;}
left -=covered;}}
const[red,green,blue]=shown.map((value)=>{const part=(value + left*canvas())/255;return part>0.04045?((part + 0.055)/1.055)**2.4:part/12.92;});return 0.2126*red + 0.7152*green + 0.0722*blue<DARK;}

class NowPlaying extends HTMLElement{static observedAttributes=[...OPTIONS,"dark-selector","width"];static placed=new WeakSet();static home=home;connectedCallback(){this.style.display||="block";this.look=()=>this.render();this.receive=(event)=>this.resize(event);this.settle=({target})=>target.contains?.(this)&&this.render();this.observer=new MutationObserver(this.look);for(const node of[root,document.body])if(node)this.observer.observe(node,{attributes:true});this.listeners("add");this.render();}

disconnectedCallback(){this.listeners("remove");this.observer.disconnect();this.frame?.remove();this.frame=null;}

listeners(verb){const act=`${verb}EventListener`;window[act]("message",this.receive);window[act]("load",this.look);document[act]("transitionend",this.settle);system[act]?.("change",this.look);}

attributeChangedCallback(name){if(name==="width")this.style.maxWidth="";if(this.frame)this.render();}

get theme(){const selector=this.getAttribute("dark-selector");if(selector!==null)return matches(selector)?"dark":"light";const theme=this.getAttribute("theme");return theme==="light"||theme==="dark"?theme:isDark(this.parentElement||this.getRootNode().host)?"dark":"light";}

render(){this.home||=NowPlaying.home;if(!this.home||!this.isConnected)return;const theme=this.theme;const width=parseInt(this.getAttribute("width"),10);if(width>0)this.style.maxWidth=`${width}px`;const address=new URL("widget",this.home);for(const name of OPTIONS){const value=name==="theme"?theme:this.getAttribute(name);if(value)address.searchParams.set(name,value);}
if(this.frame?.src===address.href)return;const frame=document.createElement("iframe");frame.src=address;frame.title=this.title||"Now playing";frame.loading="lazy";Object.assign(frame.style,{border:0,display:"block",width:"100%",height:this.frame?.style.height||`${this.height}px`,colorScheme:theme,});if(this.frame)this.frame.replaceWith(frame);else this.append(frame);this.frame=frame;}

get height(){const scale=Math.min(3,Math.max(0.75,parseFloat(this.getAttribute("scale"))||1));const layout=this.getAttribute("layout");const{clientWidth}=this;if(layout==="cover"){return Math.min(clientWidth,420*scale)+(HIGH.cover +(clientWidth<288*scale&&HIGH.credit))*scale;}
const high=layout==="compact"||layout==="list"?HIGH[layout]:HIGH.card;return Math.max(high*scale,high!==56&&layout==="list"?100:0);}

resize({source,origin,data}){if(!this.frame||source!==this.frame.contentWindow||(origin!==this.home.origin&&origin!=="null"))return;if(data?.type===`${NAME}:height`&&Number.isFinite(data.height)){this.frame.style.height=`${Math.min(Math.max(data.height, 0), 4000)}px`;}}}

if(!customElements.get(NAME))customElements.define(NAME,NowPlaying);const Known=customElements.get(NAME);const placed=Known.placed||new WeakSet();if(!Known.home&&home){Known.home=home;for(const element of document.querySelectorAll(NAME))element.render?.();}

function place(script){if(placed.has(script)||"defineOnly" in script.dataset)return;placed.add(script);const element=document.createElement(NAME);element.home=home;for(const name of NowPlaying.observedAttributes){const value=script.getAttribute(`data-${name}`);if(value!==null)element.setAttribute(name,value);}
if(!document.head?.contains(script))return script.after(element);const top=()=>document.body.prepend(element);if(document.body)top();else document.addEventListener("DOMContentLoaded",top);}

if(home)(current?[current]:scripts).forEach(place);})();